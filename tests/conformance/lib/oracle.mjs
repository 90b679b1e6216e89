// h11 as the third reader (h11_oracle.py), and the comparison of its reading with ours.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const script = new URL('h11_oracle.py', import.meta.url).pathname;

export class Oracle {
  #waiting = [];

  constructor() {
    // The distribution's interpreter: that is where its python3-h11 is.
    this.process = spawn('/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.once('exit',
      () => { for (const { reject } of this.#waiting) reject(new Error('the h11 reader ended')); });
    createInterface({ input: this.process.stdout }).on('line',
      (line) => this.#waiting.shift().resolve(JSON.parse(line)));
  }

  ask(question) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.process.stdin.write(`${JSON.stringify(question)}\n`);
    });
  }

  stop() { this.process.stdin.end(); }

  // `read` is what strict.mjs made of the same bytes; throws when h11 makes anything else of them.
  async agreesOnRequests(bytes, read) {
    // What follows an upgrade is no request; h11 would have to be told how it was answered.
    const requests = read.upgrade ? bytes.slice(0, bytes.length - read.rest.length) : bytes;
    this.#compare(requests, read, await this.ask({ kind: 'requests', bytes: requests }), (m) => [m.method, m.target]);
  }

  async agreesOnResponses(bytes, read, methods, ended) {
    if (bytes === '') return;
    const theirs = await this.ask({ kind: 'responses', bytes, methods, ended });
    if (theirs.error && read.messages.some((m) => !m.complete)) return; // an end that is none: both say so
    this.#compare(bytes, read, theirs, (m) => [m.status, m.line.slice(13)]);
    assert.equal(theirs.rest, read.rest, 'h11 sees other bytes behind the responses');
  }

  #compare(bytes, read, theirs, start) {
    const ours = read.messages.map((m) =>
      ({ start: start(m), fields: m.fields, body: m.body, trailers: m.trailers, complete: m.complete }));
    assert.equal(theirs.error, undefined, `h11 cannot read ${JSON.stringify(bytes.slice(0, 400))}`);
    for (const m of theirs.messages) if (!m.complete) m.trailers = [];
    assert.deepEqual(theirs.messages, ours, 'h11 and the strict reader see different messages');
  }
}
