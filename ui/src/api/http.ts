import { ours, takeEarly } from '../early';
import { ApiError, Unreachable } from './errors';

export type Params = Record<string, string | number | boolean | undefined | null>;

/** Called when the server no longer knows who asks; resolves once somebody logged in again. */
let renew: (() => Promise<void>) | undefined;

export function onExpired(handler: () => Promise<void>): void {
  renew = handler;
}

function encode(params: Params): URLSearchParams {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null) out.set(name, String(value));
  }
  return out;
}

/** The address of an endpoint, relative to the page, so that any prefix works. */
export function address(path: string, params: Params = {}): string {
  const query = encode(params).toString();
  return query ? `${path}?${query}` : path;
}

interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  query?: Params;
  form?: Params;
  json?: unknown;
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** A refusal of this call is no sign of an ended session. */
  anonymous?: boolean;
  /** It goes on when the page is left. */
  keepalive?: boolean;
}

function request(call: Call): RequestInit {
  const headers: Record<string, string> = { ...ours, ...call.headers };
  let body = call.body ?? null;
  if (call.form) body = encode(call.form);
  if (call.json !== undefined) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(call.json);
  }
  return { method: call.method, headers, body, credentials: 'same-origin', cache: 'no-store', signal: call.signal ?? null, keepalive: call.keepalive ?? false };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function checked(call: Pick<Call, 'method' | 'path'>, status: number, text: string): unknown {
  const answer = parse(text);
  const failed = ApiError.from(call.method, call.path, status, answer);
  if (failed) throw failed;
  return answer;
}

async function once(call: Call): Promise<unknown> {
  let response: Response;
  try {
    const url = address(call.path, call.query);
    response = await ((call.method === 'GET' && takeEarly(url)) || fetch(url, request(call)));
  } catch (cause) {
    if (call.signal?.aborted) throw cause;
    throw new Unreachable(call.method, call.path);
  }
  return checked(call, response.status, await response.text());
}

// After a new login an expired call is repeated once.
async function renewing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!renew || !(error instanceof ApiError) || !error.expired) throw error;
    await renew();
    return run();
  }
}

/** Sends a call and gives back the whole answer. After a new login an expired call is repeated once. */
export const send = (call: Call): Promise<unknown> => (call.anonymous ? once(call) : renewing(() => once(call)));

async function data<T>(call: Call): Promise<T> {
  const answer = await send(call);
  return (answer as { data: T }).data;
}

export const get = <T>(path: string, query?: Params, signal?: AbortSignal) =>
  data<T>({ method: 'GET', path, ...(query ? { query } : {}), ...(signal ? { signal } : {}) });

export const post = <T>(path: string, form: Params, more: Partial<Call> = {}) => data<T>({ method: 'POST', path, form, ...more });

export const postJSON = <T>(path: string, json: unknown, query: Params = {}) => data<T>({ method: 'POST', path, json, query });

/** How far a long call is: bytes that went out, then things that the server has done. */
export interface Step {
  kind: 'upload' | 'work';
  done: number;
  of: number;
}

// The answer is the last line; those before it say how far the server is.
const lines = (text: string) => text.trimEnd().split('\n');

function stepOf(line: string): Step | undefined {
  const said = parse(line) as Partial<Step> | null;
  return said && typeof said === 'object' && typeof said.done === 'number' && typeof said.of === 'number' ? { kind: 'work', done: said.done, of: said.of } : undefined;
}

function upload(path: string, body: FormData, query: Params, tell: (step: Step) => void): Promise<unknown> {
  return new Promise((done, fail) => {
    const call = { method: 'POST', path } as const;
    const request = new XMLHttpRequest();
    request.open('POST', address(path, query));
    for (const [name, value] of Object.entries(ours)) request.setRequestHeader(name, value);
    request.upload.onloadstart = ({ total }) => tell({ kind: 'upload', done: 0, of: total });
    request.upload.onprogress = ({ loaded, total }) => tell({ kind: 'upload', done: loaded, of: total });
    request.onprogress = () => {
      const step = request.status === 200 && lines(request.responseText).map(stepOf).findLast((one) => one !== undefined);
      if (step) tell(step);
    };
    request.onerror = () => fail(new Unreachable(call.method, path));
    request.onload = () => {
      try {
        done((checked(call, request.status, lines(request.responseText).at(-1) ?? '') as { data: unknown }).data);
      } catch (error) {
        fail(error);
      }
    };
    request.send(body);
  });
}

/** Sends a file and tells how far it is. */
export const postFile = <T>(path: string, body: FormData, query: Params, tell: (step: Step) => void): Promise<T> => renewing(() => upload(path, body, query, tell)) as Promise<T>;

export const put = <T>(path: string, form: Params) => data<T>({ method: 'PUT', path, form });

export const putJSON = <T>(path: string, json: unknown, query: Params = {}) => data<T>({ method: 'PUT', path, json, query });

export const del = <T>(path: string, query: Params) => data<T>({ method: 'DELETE', path, query });
