interface Envelope {
  code?: number;
  message?: string;
  data?: unknown;
  error?: { key?: string; params?: Record<string, unknown> };
}

/** The server could not be asked at all. */
export class Unreachable extends Error {
  constructor(
    readonly method: string,
    readonly path: string,
  ) {
    super('the server does not answer');
  }
}

/** A refusal by the server, with all that a person may report. */
export class ApiError extends Error {
  constructor(
    readonly method: string,
    readonly path: string,
    readonly status: number,
    readonly code: number,
    message: string,
    readonly key: string,
    readonly params: Record<string, unknown>,
    readonly data: unknown,
  ) {
    super(message);
  }

  /** The error that an answer stands for, if it is one: some refusals come with status 200. */
  static from(method: string, path: string, status: number, answer: unknown): ApiError | undefined {
    const body: Envelope = typeof answer === 'object' && answer !== null ? answer : {};
    const refused = status >= 400 || (typeof body.code === 'number' && body.code !== 0 && body.code !== 200);
    if (!refused) return undefined;
    const said = typeof body.data === 'string' && body.data ? body.data : body.message || (typeof answer === 'string' ? answer : '');
    return new ApiError(method, path, status, body.code ?? status, plain(said), body.error?.key ?? '', body.error?.params ?? {}, body.data);
  }

  /** Nobody is logged in any more. */
  get expired(): boolean {
    return this.key === 'login' || (this.status === 401 && this.key !== 'password') || (this.status === 403 && /token\s*(invalid|expired)|unknown\s*user|session expired/i.test(this.message));
  }

  get forbidden(): boolean {
    return this.status === 403 && !this.expired;
  }

  get missing(): boolean {
    return this.status === 404 || this.code === 20004;
  }

  /** Somebody else was faster. */
  get conflict(): boolean {
    return this.status === 409 || this.code === 20005 || /cas publish fail/i.test(this.message);
  }
}

// A refusal may be a whole HTML page from a proxy; only its first words help.
function plain(text: string): string {
  return text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim().slice(0, 400);
}
