const word = '(?:passw(?:or)?d|passphrase|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|credential)s?';

// "key: value" and "key=value" in all that has lines, and <key>value</key>.
const inLine = new RegExp(`^[ \\t]*(?:-[ \\t]+)?["']?[\\w.-]*${word}[\\w.-]*["']?[ \\t]*[:=][ \\t]*(?<value>[^\\s{\\[|>&#][^\\n]*?),?[ \\t]*$`, 'gimd');
const inTag = new RegExp(`<(?<tag>[\\w.-]*${word}[\\w.-]*)>(?<value>[^<\\n]+)</\\k<tag>>`, 'gid');

/** Where the values stand of keys that sound like secrets. */
export function secretsIn(text: string): { from: number; to: number }[] {
  return [inLine, inTag]
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .map((match) => match.indices!.groups!.value!)
    .map(([from, to]) => ({ from, to }))
    .sort((a, b) => a.from - b.from);
}
