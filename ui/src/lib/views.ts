/** A filter of a list under a name. */
export interface View {
  name: string;
  search: Record<string, string>;
}

export const maxViews = 50;
export const maxViewName = 60;

/** The views in a value that was kept; what is none is left out. */
export function viewsOf(value: unknown): View[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, maxViews).flatMap((one: unknown): View[] => {
    const { name, search } = (one ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || !name || typeof search !== 'object' || !search) return [];
    return [{ name: name.slice(0, maxViewName), search: Object.fromEntries(Object.entries(search).filter((entry): entry is [string, string] => typeof entry[1] === 'string')) }];
  });
}

/** Puts a view in its place by name; one of the same name goes. */
export function withView(views: View[], view: View): View[] {
  return [...views.filter((one) => one.name !== view.name), view].sort((a, b) => a.name.localeCompare(b.name));
}

/** Whether a view is what an address says now, as far as these names go. */
export const isView = (view: View, search: Record<string, string | undefined>, names: readonly string[]): boolean => names.every((name) => (view.search[name] ?? '') === (search[name] ?? ''));
