-- What the sweeps look for.
CREATE INDEX server_sessions_created ON server_sessions (created_at);
CREATE INDEX server_devices_last_seen ON server_devices (last_seen_at);
