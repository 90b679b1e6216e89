// Records what a browser asks of code-server when it opens a page, as paths and sizes: the traffic of scenario "mixed".
// Needs Chromium, a code-server (`docker run --rm -p 127.0.0.1:9000:8080 hearth/code-server`) and no log-in.
//
// usage: node perf/record.mjs http://127.0.0.1:9000/ > perf/page-load.json
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const origin = new URL(process.argv[2]);
const target = { host: origin.hostname, port: origin.port || 80 };
const requests = [];
const server = http.createServer((request, response) => {
  const upstream = http.request({ ...target, method: request.method, path: request.url, headers: request.headers }, (answer) => {
    let size = 0;
    response.writeHead(answer.statusCode, answer.rawHeaders);
    answer.on('data', (bytes) => { size += bytes.length; response.write(bytes); });
    answer.on('end', () => {
      response.end();
      if (answer.statusCode === 200) requests.push({ path: request.url.replace(/\?.*/, ''), size });
    });
  });
  request.pipe(upstream);
});
server.on('upgrade', (request, socket, head) => {
  const upstream = net.connect(target, () => {
    const headers = request.rawHeaders.map((text, i) => (i % 2 ? `${text}\r\n` : `${text}: `)).join('');
    upstream.write(`GET ${request.url} HTTP/1.1\r\n${headers}\r\n`);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  for (const each of [socket, upstream]) each.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  const profile = mkdtempSync(path.join(tmpdir(), 'perf-record-'));
  const browser = spawn('chromium', ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`,
    '--remote-debugging-port=0', `http://127.0.0.1:${server.address().port}/`], { stdio: 'ignore' });
  let seen = -1;
  const timer = setInterval(() => { // a page is loaded when it asks for nothing more for ten seconds
    if (requests.length > 1 && requests.length === seen) browser.kill();
    seen = requests.length;
  }, 10000);
  browser.on('exit', () => {
    clearInterval(timer);
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    console.log(`[\n${requests.map((each) => `  ${JSON.stringify(each)}`).join(',\n')}\n]`);
    process.exit();
  });
});
