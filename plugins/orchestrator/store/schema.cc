// The steps themselves. Text columns that may be unset hold '' (not NULL), times and ids NULL; enumerations are text in
// the words of model/workspace.h under CHECK constraints, so that psql shows what the API shows.
#include <array>

#include "orchestrator/store/migrations.h"

namespace hearth::orchestrator {

namespace {

constexpr char kAccounts[] = R"sql(
CREATE TABLE users (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  username      text NOT NULL CHECK (char_length(username) BETWEEN 1 AND 64 AND username = btrim(username)),
  password_hash text NOT NULL,
  is_admin      boolean NOT NULL DEFAULT false,
  created_at    timestamptz NOT NULL DEFAULT now(),
  disabled_at   timestamptz
);
CREATE UNIQUE INDEX users_username_key ON users (lower(username));

CREATE TABLE sessions (
  token_hash   text PRIMARY KEY CHECK (token_hash ~ '^[0-9a-f]{64}$'),
  user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  address      text NOT NULL DEFAULT '',
  user_agent   text NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE api_tokens (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  token_hash   text NOT NULL UNIQUE CHECK (token_hash ~ '^[0-9a-f]{64}$'),
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  expires_at   timestamptz
);
CREATE INDEX api_tokens_user ON api_tokens (user_id, created_at DESC);

CREATE TABLE audit_log (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at            timestamptz NOT NULL DEFAULT now(),
  actor_user_id uuid,
  action        text NOT NULL,
  subject_id    uuid,
  address       text NOT NULL DEFAULT '',
  request_id    text NOT NULL DEFAULT '',
  details       jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_at ON audit_log (at);
CREATE INDEX audit_log_subject ON audit_log (subject_id, at);
)sql";

constexpr char kWorkspaces[] = R"sql(
CREATE TABLE workspaces (
  id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  owner_user_id       uuid NOT NULL REFERENCES users (id),
  name                text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  description         text NOT NULL DEFAULT '' CHECK (char_length(description) <= 500),
  memo                text NOT NULL DEFAULT '',
  image_ref           text NOT NULL DEFAULT '' CHECK (char_length(image_ref) <= 512),
  conditions          jsonb NOT NULL DEFAULT '{"conditions": [], "address": ""}' CHECK (jsonb_typeof(conditions) = 'object'),
  observed_at         timestamptz,
  phase               text NOT NULL DEFAULT 'PENDING' CHECK (phase IN
                        ('PENDING', 'ARCHIVED', 'STANDBY', 'RUNNING', 'ERROR', 'DELETING', 'DELETED')),
  phase_changed_at    timestamptz NOT NULL DEFAULT now(),
  operation           text NOT NULL DEFAULT 'NONE' CHECK (operation IN
                        ('NONE', 'PROVISIONING', 'STARTING', 'STOPPING', 'ARCHIVING', 'CREATE_EMPTY_ARCHIVE',
                         'RESTORING', 'DELETING')),
  op_started_at       timestamptz,
  archive_op_id       uuid,
  restore_op_id       uuid,
  archive_key         text NOT NULL DEFAULT '',
  volume_name         text NOT NULL DEFAULT '',
  error_reason        text NOT NULL DEFAULT '' CHECK (error_reason IN
                        ('', 'DataLost', 'ImagePullFailed', 'ContainerWithoutVolume', 'ArchiveCorrupted', 'Timeout',
                         'NameConflict', 'CrashLoop', 'ActionFailed', 'Unreachable')),
  error_message       text NOT NULL DEFAULT '',
  error_count         integer NOT NULL DEFAULT 0 CHECK (error_count >= 0),
  next_retry_at       timestamptz,
  desired_state       text NOT NULL DEFAULT 'RUNNING' CHECK (desired_state IN
                        ('ARCHIVED', 'STANDBY', 'RUNNING', 'DELETED')),
  deleted_at          timestamptz,
  last_access_at      timestamptz,
  standby_ttl_seconds bigint CHECK (standby_ttl_seconds >= 0),
  archive_ttl_seconds bigint CHECK (archive_ttl_seconds >= 0),
  created_at          timestamptz NOT NULL DEFAULT now(),
  updated_at          timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT workspaces_error_has_no_operation CHECK (phase <> 'ERROR' OR operation = 'NONE'),
  CONSTRAINT workspaces_operation_has_start CHECK ((operation = 'NONE') = (op_started_at IS NULL)),
  CONSTRAINT workspaces_archiving_has_id CHECK
    (operation NOT IN ('ARCHIVING', 'CREATE_EMPTY_ARCHIVE') OR archive_op_id IS NOT NULL),
  CONSTRAINT workspaces_restoring_has_id CHECK (operation <> 'RESTORING' OR restore_op_id IS NOT NULL),
  CONSTRAINT workspaces_deleted_wants_deleted CHECK ((deleted_at IS NOT NULL) = (desired_state = 'DELETED'))
);
CREATE UNIQUE INDEX workspaces_owner_name_key ON workspaces (owner_user_id, name) WHERE deleted_at IS NULL;
CREATE INDEX workspaces_list ON workspaces (owner_user_id, created_at DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX workspaces_up ON workspaces (owner_user_id)
  WHERE deleted_at IS NULL AND (desired_state = 'RUNNING' OR phase = 'RUNNING');
CREATE INDEX workspaces_not_converged ON workspaces (id) WHERE phase <> desired_state OR operation <> 'NONE';
CREATE INDEX workspaces_operations ON workspaces (op_started_at) WHERE operation <> 'NONE';
CREATE INDEX workspaces_idle ON workspaces (last_access_at)
  WHERE deleted_at IS NULL AND operation = 'NONE' AND phase IN ('RUNNING', 'STANDBY');

CREATE TABLE coordinator_epoch (
  deployment text PRIMARY KEY,
  epoch      bigint NOT NULL CHECK (epoch > 0),
  elected_at timestamptz NOT NULL DEFAULT now(),
  holder     text NOT NULL DEFAULT ''
);

CREATE TABLE gc_candidates (
  deployment    text NOT NULL,
  kind          text NOT NULL CHECK (kind IN ('archive', 'container', 'volume', 'upload')),
  name          text NOT NULL,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (deployment, kind, name)
);
)sql";

// observed_at moves with every observation and is seen by nobody: a row that differs in nothing else has not changed.
constexpr char kNotices[] = R"sql(
CREATE FUNCTION workspaces_touch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before workspaces := OLD;
BEGIN
  before.observed_at := NEW.observed_at;
  before.updated_at := NEW.updated_at;
  IF before IS DISTINCT FROM NEW THEN
    NEW.updated_at := clock_timestamp();
  ELSE
    NEW.updated_at := OLD.updated_at;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER workspaces_touch BEFORE UPDATE ON workspaces FOR EACH ROW EXECUTE FUNCTION workspaces_touch();

CREATE FUNCTION workspaces_notify() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  subject workspaces;
BEGIN
  IF TG_OP = 'DELETE' THEN
    subject := OLD;
  ELSE
    subject := NEW;
  END IF;
  IF TG_OP <> 'UPDATE' OR OLD.updated_at <> NEW.updated_at THEN
    PERFORM pg_notify('ws_changed', json_build_object('id', subject.id, 'owner_user_id', subject.owner_user_id)::text);
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM pg_notify('ws_wake', subject.id::text);
  ELSIF TG_OP = 'UPDATE' THEN
    IF OLD.desired_state <> NEW.desired_state OR OLD.deleted_at IS DISTINCT FROM NEW.deleted_at
        OR (OLD.error_reason <> '' AND NEW.error_reason = '') THEN
      PERFORM pg_notify('ws_wake', subject.id::text);
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER workspaces_notify AFTER INSERT OR UPDATE OR DELETE ON workspaces
  FOR EACH ROW EXECUTE FUNCTION workspaces_notify();
)sql";

// For those who missed notices (change_log.h). Purged rows are remembered for an hour, and forgotten by later purges.
constexpr char kChangeLog[] = R"sql(
CREATE INDEX workspaces_changes ON workspaces (updated_at);

CREATE TABLE workspace_purges (
  id            uuid PRIMARY KEY,
  owner_user_id uuid NOT NULL,
  purged_at     timestamptz NOT NULL
);
CREATE INDEX workspace_purges_changes ON workspace_purges (purged_at);

CREATE FUNCTION workspaces_purged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO workspace_purges (id, owner_user_id, purged_at) VALUES (OLD.id, OLD.owner_user_id, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET purged_at = excluded.purged_at;
  DELETE FROM workspace_purges WHERE id IN
    (SELECT id FROM workspace_purges WHERE purged_at < clock_timestamp() - interval '1 hour'
      ORDER BY purged_at LIMIT 100 FOR UPDATE SKIP LOCKED);
  RETURN NULL;
END $$;
CREATE TRIGGER workspaces_purged AFTER DELETE ON workspaces FOR EACH ROW EXECUTE FUNCTION workspaces_purged();
)sql";

// What this database itself has seen to be over. The garbage collector removes nothing else: what neither a row nor
// this table knows may be somebody else's, or newer than a database that was restored from a backup.
constexpr char kReleased[] = R"sql(
CREATE TABLE released_resources (
  name        text PRIMARY KEY,  -- a workspace's id, an archive operation's id, a volume's name
  released_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION workspaces_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO released_resources (name) VALUES (OLD.id::text) ON CONFLICT DO NOTHING;
    RETURN NULL;
  END IF;
  IF OLD.volume_name <> '' AND OLD.volume_name <> NEW.volume_name THEN
    INSERT INTO released_resources (name) VALUES (OLD.volume_name) ON CONFLICT DO NOTHING;
  END IF;
  IF OLD.archive_op_id <> NEW.archive_op_id OR (OLD.archive_op_id IS NOT NULL AND NEW.archive_op_id IS NULL) THEN
    INSERT INTO released_resources (name) VALUES (OLD.archive_op_id::text) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER workspaces_release_removed AFTER DELETE ON workspaces
  FOR EACH ROW EXECUTE FUNCTION workspaces_release();
CREATE TRIGGER workspaces_release AFTER UPDATE OF volume_name, archive_op_id ON workspaces
  FOR EACH ROW WHEN (OLD.volume_name <> NEW.volume_name OR OLD.archive_op_id IS DISTINCT FROM NEW.archive_op_id)
  EXECUTE FUNCTION workspaces_release();
)sql";

// By its mark the archive store is told from another one, such as an empty directory where it should be mounted.
constexpr char kArchiveStores[] = R"sql(
CREATE TABLE archive_stores (
  deployment text PRIMARY KEY,
  mark       uuid NOT NULL,
  since      timestamptz NOT NULL DEFAULT clock_timestamp()
);
)sql";

constexpr std::array kMigrations = {
    Migration{1, "accounts", kAccounts},
    Migration{2, "workspaces", kWorkspaces},
    Migration{3, "notices", kNotices},
    Migration{4, "change log", kChangeLog},
    Migration{5, "released resources", kReleased},
    Migration{6, "archive stores", kArchiveStores},
};

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

}  // namespace hearth::orchestrator
