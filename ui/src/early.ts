// Answers that were asked for before the code that needs them was there. This
// file imports nothing: it runs while the rest is still being fetched.
const answers = new Map<string, Promise<Response>>();

/** What every call of the console has: a foreign page cannot send it. */
export const ours = { 'X-Console': '1', Accept: 'application/json' };

/** Sends a GET now, for whoever asks for the same address next. */
export function askEarly(address: string): void {
  const answer = fetch(address, { headers: ours, credentials: 'same-origin', cache: 'no-store' });
  answer.catch(() => undefined); // who takes it is told
  answers.set(address, answer);
}

/** The answer that was asked for early, once. */
export function takeEarly(address: string): Promise<Response> | undefined {
  const answer = answers.get(address);
  answers.delete(address);
  return answer;
}
