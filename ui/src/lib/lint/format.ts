/** The text laid out anew, or undefined where that cannot be done. */
export async function format(type: string, text: string): Promise<string | undefined> {
  if (type === 'json') {
    try {
      return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
    } catch {
      return undefined;
    }
  }
  if (type === 'yaml') return (await import('./yaml')).formatYAML(text);
  return type === 'properties' || type === 'text' ? text.replace(/[ \t]+$/gm, '') : undefined;
}
