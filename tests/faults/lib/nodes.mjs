// Two hearth nodes on one database and one deployment, and who of them leads and writes.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hearth } from '../../e2e/lib/hearth.mjs';
import { until } from '../../e2e/lib/poll.mjs';
import { Person } from './story.mjs';
import { stubImage } from './stub.mjs';

// Records which session changed what only the coordinator writes, and under which epoch (SPEC section 4, "writer").
const recorder = `
CREATE TABLE coordinator_writes (at timestamptz NOT NULL DEFAULT clock_timestamp(), node text NOT NULL, epoch bigint NOT NULL);
CREATE FUNCTION record_coordinator_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO coordinator_writes (node, epoch) VALUES (current_setting('application_name'), (SELECT max(epoch) FROM coordinator_epoch));
  RETURN NULL;
END $$;
CREATE TRIGGER record_update AFTER UPDATE ON workspaces FOR EACH ROW
  WHEN ((OLD.conditions, OLD.phase, OLD.operation, OLD.op_started_at, OLD.volume_name, OLD.archive_key)
    IS DISTINCT FROM (NEW.conditions, NEW.phase, NEW.operation, NEW.op_started_at, NEW.volume_name, NEW.archive_key))
  EXECUTE FUNCTION record_coordinator_write();
CREATE TRIGGER record_purge AFTER DELETE ON workspaces FOR EACH ROW EXECUTE FUNCTION record_coordinator_write();`;

export class Nodes {
  // `relay`: through which the first node reaches PostgreSQL. The first node leads.
  static async create(t, { postgres, relay }) {
    const nodes = new Nodes();
    nodes.postgres = postgres;
    nodes.database = postgres.createDatabase(`t${randomBytes(4).toString('hex')}`);
    const deployment = `t${randomBytes(4).toString('hex')}`, password = randomBytes(9).toString('hex');
    const node = (name, port) => Hearth.create(t, {
      deployment, password, image: stubImage(), orchestrator: 'max_running_per_user 20;',
      database: `"${postgres.url(nodes.database, { application_name: name, port })}"`,
    });
    nodes.first = await node('first', relay?.port);
    await until(() => nodes.leader() === nodes.first, { what: 'the first node leads' });
    nodes.second = await node('second');
    nodes.sql(recorder);
    nodes.person = await Person.login(nodes.second); // asks the one that stays
    return nodes;
  }

  sql(text) { return this.postgres.sql(text, this.database); }
  epoch() { return Number(this.sql('SELECT max(epoch) FROM coordinator_epoch')); }

  leader() {
    const pid = Number(this.sql('SELECT holder FROM coordinator_epoch').split(':')[1]);
    return [this.first, this.second].find((node) => node?.pids().includes(pid));
  }

  // Waits until the second node leads; milliseconds since `began`.
  async takenOver(began, timeout) {
    await until(() => this.leader() === this.second, { what: 'the second node leads', timeout, every: 20 });
    return Date.now() - began;
  }

  // Writes of a node since the one with that epoch was elected.
  writes(node, epoch) {
    return Number(this.sql(`SELECT count(*) FROM coordinator_writes WHERE node = '${node}' AND epoch >= ${epoch}`));
  }

  epochsOnlyRise() {
    return this.sql('SELECT count(*) FROM (SELECT epoch < lag(epoch) OVER (ORDER BY at) AS fell FROM coordinator_writes) w WHERE fell') === '0';
  }
}

export const logText = (hearth) => readFileSync(join(hearth.data, 'logs/error.log'), 'utf8');
