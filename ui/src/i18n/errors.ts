import { ApiError, Unreachable } from '../api/errors';
import { texts } from './index';

// What the server says of every refusal, which says nothing more.
const refusal = 'authorization failed!';

/** What went wrong, in the reader's language where the server's code is known. */
export function errorText(error: unknown): string {
  const t = texts();
  if (error instanceof Unreachable) return t.errors.unreachable;
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  const keyed = t.errorKeys as Record<string, string>;
  const coded = t.errorCodes as Record<string, string>;
  const known = keyed[error.key] ?? coded[String(error.code)];
  if (known) return error.message && !keyed[error.key] ? `${known} ${t.errors.detail(error.message)}` : known;
  if (error.conflict) return t.errors.conflict;
  if (error.forbidden) return error.message && error.message !== refusal ? t.errors.forbiddenBecause(error.message) : t.errors.forbidden;
  if (error.status === 404) return t.errors.missing;
  if (error.status === 429) return t.errors.tooMany;
  return error.message || t.errors.status(error.status);
}
