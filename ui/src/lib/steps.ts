/** Does something to a list a few at a time, and tells how far it is. */
export async function inSteps<T, R>(list: readonly T[], size: number, run: (part: T[]) => Promise<R>, tell: (done: number) => void): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < list.length; at += size) {
    tell(at);
    results.push(await run(list.slice(at, at + size)));
  }
  tell(list.length);
  return results;
}
