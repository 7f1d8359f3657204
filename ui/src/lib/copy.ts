/** Copies the text; on plain HTTP there is no navigator.clipboard, so an unseen field is copied from. */
export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Forbidden or without focus: the old way may still work.
    }
  }
  const field = document.createElement('textarea');
  field.value = text;
  field.setAttribute('readonly', '');
  field.className = 'offscreen';
  const host = document.activeElement?.closest('[role=dialog]') ?? document.body;
  const before = document.activeElement as HTMLElement | null;
  host.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  before?.focus();
  return done;
}
