// The REST API over fetch. Every failure is an ApiError with the server's own words where it gave some.
import {loginLocation, retryAfterSeconds} from './format.js';

export class ApiError extends Error {
  constructor(status, code, message, details, retryAfter) {
    super(message);
    this.status = status;  // 0: no answer
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;  // seconds
  }
}

const kDeadlineMs = 20000;

async function failure(response) {
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // Not JSON: a proxy in between answered.
  }
  const message = error.message || `The server answered ${response.status} ${response.statusText}`.trim();
  return new ApiError(response.status, error.code ?? '', message, error.details,
    retryAfterSeconds(response.headers.get('retry-after')));
}

async function request(method, path, body) {
  let response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: method === 'GET' || method === 'DELETE' ? {} : {'content-type': 'application/json'},
      body: method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(body ?? {}),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(kDeadlineMs),
    });
  } catch {
    throw new ApiError(0, 'UNREACHABLE', 'The server cannot be reached. Check the connection and try again.', null, 0);
  }
  if (!response.ok) throw await failure(response);
  if (response.status === 204) return null;
  return (response.headers.get('content-type') ?? '').includes('json') ? response.json() : response.text();
}

async function all(path) {
  const items = [];
  for (;;) {
    const page = await request('GET', `${path}?limit=100&offset=${items.length}`);
    items.push(...page.items);
    if (page.items.length === 0 || items.length >= page.total) return items;
  }
}

const id = encodeURIComponent;

export const api = {
  login: (username, password) => request('POST', '/login', {username, password}),
  logout: () => request('POST', '/logout'),
  session: () => request('GET', '/session'),
  workspaces: () => all('/workspaces'),
  workspace: (ws) => request('GET', `/workspaces/${id(ws)}`),
  create: (fields) => request('POST', '/workspaces', fields),
  desire: (ws, state) => request('PATCH', `/workspaces/${id(ws)}`, {desired_state: state}),
  remove: (ws) => request('DELETE', `/workspaces/${id(ws)}`),
  recover: (ws) => request('POST', `/workspaces/${id(ws)}/recover`),
  logs: (ws) => request('GET', `/workspaces/${id(ws)}/logs`),
  users: () => all('/users'),
  createUser: (fields) => request('POST', '/users', fields),
  changeUser: (user, fields) => request('PATCH', `/users/${id(user)}`, fields),
  removeUser: (user) => request('DELETE', `/users/${id(user)}`),
};

// A session that ended sends the person to the login page and back here afterwards. True when it did.
export function leaveIfSignedOut(error) {
  if (!(error instanceof ApiError) || error.status !== 401) return false;
  location.assign(loginLocation(location.pathname + location.search));
  return true;
}
