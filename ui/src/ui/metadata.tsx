import { Plus, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../i18n';
import { Button, IconButton } from './button';
import { Input } from './field';

export type Pair = { key: string; value: string };

export const toPairs = (map: Record<string, string> | null | undefined): Pair[] => Object.entries(map ?? {}).map(([key, value]) => ({ key, value }));

export const fromPairs = (pairs: Pair[]): Record<string, string> => Object.fromEntries(pairs.filter((pair) => pair.key).map((pair) => [pair.key, pair.value]));

interface EditorProps {
  pairs: Pair[];
  onChange: (pairs: Pair[]) => void;
  label: string;
  /** Who said the value of a key, below its line. */
  source?: ((pair: Pair) => ReactNode) | undefined;
}

/** Names and values, one pair a line. */
export function MetadataEditor({ pairs, onChange, label, source }: EditorProps) {
  const t = useT();
  const edit = (index: number, part: Partial<Pair>) => onChange(pairs.map((pair, i) => (i === index ? { ...pair, ...part } : pair)));
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 text-xs font-medium text-fg-2">{label}</legend>
      {pairs.map((pair, i) => (
        <div key={i} className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)_2rem] gap-2">
          <Input aria-label={`${t.common.key} ${i + 1}`} placeholder={t.common.key} value={pair.key} onChange={(event) => edit(i, { key: event.target.value })} />
          <Input aria-label={`${t.common.value} ${i + 1}`} placeholder={t.common.value} value={pair.value} onChange={(event) => edit(i, { value: event.target.value })} />
          <IconButton label={`${t.common.remove} ${pair.key || i + 1}`} icon={X} onClick={() => onChange(pairs.filter((_, at) => at !== i))} />
          {source && pair.key && <div className="col-span-3 -mt-1">{source(pair)}</div>}
        </div>
      ))}
      <Button icon={Plus} className="self-start" onClick={() => onChange([...pairs, { key: '', value: '' }])}>
        {t.common.add}
      </Button>
    </fieldset>
  );
}

/** A few pairs in a cell, the rest counted; those that an operator set are marked. */
export function MetadataChips({ map, marked, limit = 3 }: { map: Record<string, string> | null | undefined; marked?: string[] | null; limit?: number }) {
  const t = useT();
  const pairs = Object.entries(map ?? {});
  if (!pairs.length) return <span className="text-fg-3">–</span>;
  return (
    <span className="flex flex-wrap gap-1" title={pairs.map(([key, value]) => `${key}=${value}${marked?.includes(key) ? ` (${t.instances.fromOperator})` : ''}`).join('\n')}>
      {pairs.slice(0, limit).map(([key, value]) => (
        <span key={key} className={`max-w-44 truncate rounded px-1.5 font-mono text-xs leading-5 ${marked?.includes(key) ? 'bg-accent-soft text-accent-text' : 'bg-tag text-fg-2'}`}>
          {key}={value}
          {marked?.includes(key) && <span className="sr-only"> ({t.instances.fromOperator})</span>}
        </span>
      ))}
      {pairs.length > limit && <span className="text-xs leading-5 text-fg-3">+{pairs.length - limit}</span>}
    </span>
  );
}
