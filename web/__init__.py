"""What people see: pages over the API, for phone, office and planner."""
