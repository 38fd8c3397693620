-- When the owner of a session last showed who they are: at first, when it began.
ALTER TABLE lantern.session ADD COLUMN proven_at timestamptz NOT NULL DEFAULT now();
