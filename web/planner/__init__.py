"""The planner, who sees releases and nothing else."""
