/** The row before or behind another one of a table; what is opened up below a row is none. */
export function neighbour(row: Element, down: boolean): HTMLElement | null {
  const step = (one: Element) => (down ? one.nextElementSibling : one.previousElementSibling);
  let next = step(row);
  while (next && !next.hasAttribute('tabindex')) next = step(next);
  return next as HTMLElement | null;
}
