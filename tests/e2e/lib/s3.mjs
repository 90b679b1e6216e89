// A real S3 server (scripts/s3-server) for a test; it ends with the test, however that ends.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = new URL('../../../scripts/s3-server', import.meta.url).pathname;

export class S3 {
  // Options: tls: an https:// server whose certificate is of an authority of its own.
  static create(t, options = {}) {
    const s3 = new S3();
    t.after(() => s3.#cleanUp());
    s3.start(options);
    return s3;
  }

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'hearth-e2e-s3-'));
    this.state = join(this.directory, 'state');
    this.credentials = join(this.directory, 'credentials');
    this.ca = join(this.directory, 'ca.pem');
  }

  #run(command, ...options) {
    return execFileSync(script, [command, this.state, ...options], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  }

  start({ tls = false } = {}) {
    const options = ['--until', String(process.pid)];
    if (tls) options.push('--tls', this.#certificate());
    const variables = Object.fromEntries(this.#run('start', ...options).trim().split('\n').map((line) => line.split('=')));
    this.endpoint = variables.AWS_ENDPOINT_URL;
    this.secret = variables.AWS_SECRET_ACCESS_KEY;
    this.tls = tls;
    writeFileSync(this.credentials, `[default]\naws_access_key_id=${variables.AWS_ACCESS_KEY_ID}\n` +
      `aws_secret_access_key=${this.secret}\n`, { mode: 0o600 });
  }

  kill() { this.#run('kill'); }
  restart() { this.#run('restart'); }

  // For a configuration.
  archiveStore(prefix) {
    return `archive_store s3://archives/${prefix} { endpoint ${this.endpoint}; credentials_file ${this.credentials};` +
      `${this.tls ? ` ca_file ${this.ca};` : ''} }`;
  }

  // Every key below `prefix`. Parts of an upload that is still open are shown as "_multipart_..." of its key.
  keys(prefix) {
    const listed = execFileSync('radosgw-admin', ['-c', join(this.state, 'ceph.conf'), '-n', 'client.rgw.a', 'bucket', 'list',
      '--bucket=archives', '--max-entries=100000', '--allow-unordered'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return JSON.parse(listed).map(({ name }) => name).filter((name) => name.replace(/^_multipart_/, '').startsWith(prefix)).sort();
  }

  #certificate() {
    const made = join(this.directory, 'server.pem');
    const openssl = (...words) => execFileSync('openssl', words, { cwd: this.directory, stdio: 'pipe' });
    const key = (name) => ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', name];
    openssl('req', '-x509', ...key('ca.key'), '-out', 'ca.pem', '-days', '9', '-subj', '/CN=test authority');
    openssl('req', ...key('server.key'), '-out', 'server.csr', '-subj', '/CN=s3');
    writeFileSync(join(this.directory, 'names'), 'subjectAltName=IP:127.0.0.1');
    openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '9',
      '-extfile', 'names', '-out', 'server.crt');
    execFileSync('sh', ['-c', 'cat server.crt server.key > server.pem'], { cwd: this.directory });
    return made;
  }

  #cleanUp() {
    this.#run('stop');
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
