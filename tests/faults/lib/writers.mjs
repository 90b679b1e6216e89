// Every column of a workspace has one writer (SPEC section 4, "writer"): what the coordinator writes changes only in the
// session that holds the leader's lock, what the API writes only in others. A trigger notes whoever does not keep to it.

// The advisory lock of a deployment: FNV-1a, as leader_lock_key() has it, as a signed 64-bit number.
function lockKey(deployment) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(deployment)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return BigInt.asIntN(64, hash);
}

// "recover" is the API's: it forgets an error, so the coordinator's error columns may become empty in any session.
const guard = (deployment) => `
CREATE TABLE trespasses (at timestamptz NOT NULL DEFAULT clock_timestamp(), what text NOT NULL, before jsonb, after jsonb);
CREATE FUNCTION guard_columns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  leader boolean := EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND pid = pg_backend_pid() AND ((classid::bigint << 32) | objid::bigint) = ${lockKey(deployment)});
  coordinators boolean :=
    (OLD.conditions, OLD.observed_at, OLD.phase, OLD.phase_changed_at, OLD.operation, OLD.op_started_at, OLD.archive_op_id,
     OLD.restore_op_id, OLD.archive_key, OLD.volume_name) IS DISTINCT FROM
    (NEW.conditions, NEW.observed_at, NEW.phase, NEW.phase_changed_at, NEW.operation, NEW.op_started_at, NEW.archive_op_id,
     NEW.restore_op_id, NEW.archive_key, NEW.volume_name)
    OR (OLD.error_reason IS DISTINCT FROM NEW.error_reason AND NEW.error_reason IS NOT NULL);
  apis boolean :=
    (OLD.desired_state, OLD.deleted_at, OLD.name, OLD.description, OLD.memo, OLD.image_ref, OLD.standby_ttl_seconds,
     OLD.archive_ttl_seconds) IS DISTINCT FROM
    (NEW.desired_state, NEW.deleted_at, NEW.name, NEW.description, NEW.memo, NEW.image_ref, NEW.standby_ttl_seconds,
     NEW.archive_ttl_seconds);
BEGIN
  IF coordinators AND NOT leader THEN
    INSERT INTO trespasses (what, before, after) VALUES ('a session without the lock wrote what the coordinator writes', to_jsonb(OLD), to_jsonb(NEW));
  END IF;
  IF apis AND leader THEN
    INSERT INTO trespasses (what, before, after) VALUES ('the leader wrote what the API writes', to_jsonb(OLD), to_jsonb(NEW));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER guard_columns AFTER UPDATE ON workspaces FOR EACH ROW EXECUTE FUNCTION guard_columns();`;

export const guardColumns = (postgres, database, deployment) => postgres.sql(guard(deployment), database);

// What somebody else wrote: "" when everybody kept to the columns of their own.
export const trespasses = (postgres, database) => postgres.sql('SELECT what, before, after FROM trespasses ORDER BY at LIMIT 5', database);
