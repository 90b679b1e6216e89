// The origin and the proxies, each as a fair user would tune it: one worker, upstream connections kept, no access log, the
// same forwarding headers, buffers that hold a response.
import { mkdirSync, openSync, closeSync, ftruncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FILES, mixedPath } from './scenarios.mjs';

const SMALL = '0123456789'.repeat(8).slice(1);
const FOREVER = 1000000000;

function write(folder, name, text) {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

function sparse(file, size) {
  const fd = openSync(file, 'w');
  ftruncateSync(fd, size);
  closeSync(fd);
}

export function staticOrigin(folder, port, pageLoad) {
  const html = path.join(folder, 'html');
  mkdirSync(path.join(html, 'mixed'), { recursive: true });
  for (const [name, size] of Object.entries(FILES)) sparse(path.join(html, name), size);
  pageLoad.forEach(({ size }, index) => sparse(path.join(html, mixedPath(index)), size));
  return ['nginx', ['-e', `${folder}/origin.log`, '-c', write(folder, 'origin.conf', `
user root; daemon off; worker_processes 1; pid ${folder}/origin.pid; error_log ${folder}/origin.log;
events { worker_connections 16384; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests ${FOREVER}; open_file_cache max=1000;
  server { listen 127.0.0.1:${port} backlog=4096;
    location = /small { return 200 "${SMALL}"; }
    location / { root ${html}; } } }`)]];
}

const hearth = (programs) => (folder, port, origin) => [programs.hearth, ['-p', folder, '-c', write(folder, 'hearth.conf', `
worker_threads 1; pid ${folder}/hearth.pid; error_log stderr warn;
events { worker_connections 9000; }
http { access_log off; keepalive_requests ${FOREVER}; client_max_body_size 0;
  upstream app { server 127.0.0.1:${origin}; keepalive 1024; keepalive_requests ${FOREVER}; }
  server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_pass http://app; } } }`)]];

const nginx = (folder, port, origin) => ['nginx', ['-e', `${folder}/nginx.log`, '-c', write(folder, 'nginx.conf', `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events { worker_connections 16384; }
http { access_log off; keepalive_requests ${FOREVER}; client_max_body_size 0;
  proxy_buffers 32 16k; proxy_busy_buffers_size 64k; proxy_max_temp_file_size 0; proxy_request_buffering off;
  map $http_upgrade $connection_header { default upgrade; "" ""; }
  upstream app { server 127.0.0.1:${origin}; keepalive 1024; keepalive_requests ${FOREVER}; }
  server { listen 127.0.0.1:${port} backlog=4096;
    proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_header;
    proxy_set_header Host $http_host; proxy_set_header X-Request-Id $request_id;
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    location / { proxy_pass http://app; }
    location = /events { proxy_pass http://app; proxy_buffering off; } } }`)]];

const haproxy = (folder, port, origin) => ['haproxy', ['-q', '-f', write(folder, 'haproxy.cfg', `
global
  nbthread 1
  maxconn 6000
  maxpipes 500
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  http-reuse always
  option splice-auto
frontend f
  bind 127.0.0.1:${port} backlog 4096
  http-request set-header X-Request-Id %[uuid]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  option forwardfor
  default_backend b
backend b
  server s 127.0.0.1:${origin}
`)]];

const nghttpx = (folder, port, origin) => ['nghttpx', [`-f127.0.0.1,${port};no-tls`, `-b127.0.0.1,${origin}`, '--conf=/dev/null',
  '--workers=1', '--backlog=4096', '--accesslog-file=/dev/null', `--errorlog-file=${folder}/nghttpx.log`, '--add-x-forwarded-for',
  '--backend-keep-alive-timeout=60', `--pid-file=${folder}/nghttpx.pid`]];

const relay = (programs, mode) => (folder, port, origin) => [programs.floor, ['--mode', mode, port, origin]];

export const PEERS = ['nginx', 'haproxy', 'nghttpx'];
export const FLOORS = ['copy', 'splice'];

// name → (folder, port, port of the origin) → [command, arguments]
export const proxies = (programs) => ({
  hearth: hearth(programs), nginx, haproxy, nghttpx, copy: relay(programs, 'copy'), splice: relay(programs, 'splice'),
});
