// A hearth with the stub image, and what these tests ask of it. Every request survives a hearth that is just being
// started again: it is asked until it is answered.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Hearth } from '../../e2e/lib/hearth.mjs';
import { until } from '../../e2e/lib/poll.mjs';
import { stubImage } from './stub.mjs';

// Options as Hearth's, and `postgres`: a cluster in which it gets a database of its own.
export async function stubHearth(t, { postgres, ...options } = {}) {
  let database;
  if (postgres) {
    database = postgres.createDatabase(`t${randomBytes(4).toString('hex')}`);
    options.database = `"${postgres.url(database)}"`;
  }
  const hearth = await Hearth.create(t, { image: stubImage(), ...options });
  hearth.database = database;
  return hearth;
}

// A patient person: what the API answers, asked again while nobody answers or the database is away.
export class Person {
  static async login(hearth, { timeout = 30000 } = {}) {
    const person = new Person(hearth.client(), timeout);
    const answer = await person.ask('POST', '/login', { username: 'admin', password: hearth.password });
    assert.ok(answer.status < 300, `login: ${answer.status} ${answer.body}`);
    return person;
  }

  constructor(client, timeout) {
    this.client = client;
    this.timeout = timeout;
  }

  ask(method, path, value, timeout = this.timeout) {
    return until(async () => {
      const answer = await this.client.api(method, path, value);
      if (answer.status >= 500) throw new Error(`${answer.status} ${answer.body}`);
      return answer;
    }, { what: `an answer to ${method} ${path}`, timeout });
  }

  // A POST whose answer was lost may have made the row: its name, which is unique, tells.
  async create(fields = {}) {
    const name = `ws-${randomBytes(4).toString('hex')}`;
    const answer = await this.ask('POST', '/workspaces', { name, ...fields });
    if (answer.status === 201) return answer.json;
    assert.equal(answer.json?.error?.code, 'NAME_TAKEN', answer.body);
    const all = await this.ask('GET', '/workspaces');
    assert.equal(all.status, 200, all.body);
    return all.json.workspaces.find((row) => row.name === name);
  }

  async want(id, desired_state) {
    const answer = await this.ask('PATCH', `/workspaces/${id}`, { desired_state });
    assert.equal(answer.status, 200, answer.body);
  }

  async remove(id) {
    const answer = await this.ask('DELETE', `/workspaces/${id}`);
    assert.ok([204, 404].includes(answer.status), answer.body); // 404: an earlier one whose answer was lost
  }

  async get(id) {
    return (await this.ask('GET', `/workspaces/${id}`)).json;
  }

  // Waits for that phase with no operation under way; ERROR ends the waiting.
  settled(id, phase, timeout = 60000) {
    return until(async () => {
      const row = await this.get(id);
      if (row.phase === phase && row.operation === 'NONE') return row;
      const state = `${row.phase}/${row.operation}, wanted ${row.desired_state}, ${JSON.stringify(row.error)}`;
      throw Object.assign(new Error(state), { final: row.phase === 'ERROR' && phase !== 'ERROR' });
    }, { what: `workspace ${id} is ${phase}`, timeout });
  }

  async goes(id, state, timeout) {
    await this.want(id, state);
    return this.settled(id, state, timeout);
  }

  // The stub's note in the home volume, through the proxy.
  note(id, text) {
    const path = `/w/${id}/${text === undefined ? 'read/note' : `write/${text}`}`;
    return until(async () => {
      const answer = await this.client.request('GET', path);
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
      return answer.body;
    }, { what: `GET ${path}`, timeout: this.timeout });
  }
}

// How many containers, storage jobs not among them, and volumes of the workspace there are.
async function counted(hearth, id) {
  const containers = (await hearth.deployment.containers()).filter(({ Config: { Labels } }) =>
    Labels['hearth.workspace'] === id && Labels['hearth.role'] !== 'job');
  const volumes = (await hearth.deployment.volumes()).filter((name) => name.includes(id));
  return { containers: containers.length, volumes: volumes.length };
}

// Exactly that many, now.
export async function holds(hearth, id, expected) {
  assert.deepEqual(await counted(hearth, id), expected, `what the engine holds of ${id}`);
}

// The row says so and the engine holds what that phase has: for after an outage, when the row may be older than the world.
export function converged(hearth, person, id, phase, timeout = 90000) {
  const expected = JSON.stringify({ containers: phase === 'RUNNING' ? 1 : 0, volumes: phase === 'ARCHIVED' ? 0 : 1 });
  return until(async () => {
    const row = await person.get(id);
    const held = JSON.stringify(await counted(hearth, id));
    if (row.phase === phase && row.operation === 'NONE' && held === expected) return row;
    const state = `${row.phase}/${row.operation}, wanted ${row.desired_state}, ${held}, ${JSON.stringify(row.error)}`;
    throw Object.assign(new Error(state), { final: row.phase === 'ERROR' });
  }, { what: `workspace ${id} is ${phase}`, timeout });
}

export function nothingLeft(hearth, timeout = 30000) {
  return until(async () => {
    const left = [...(await hearth.deployment.containers()).map((c) => c.Name), ...await hearth.deployment.volumes()];
    if (left.length) throw new Error(left.join(' '));
    return true;
  }, { what: 'nothing of the deployment is left', timeout });
}
