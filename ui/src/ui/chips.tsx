import { X } from 'lucide-react';
import { useT } from '../i18n';

interface Chip {
  key: string;
  label: string;
  value: string;
}

/** The filters that are set, each to be taken off with one press. */
export function Chips({ chips, onRemove, onClear }: { chips: Chip[]; onRemove: (key: string) => void; onClear: () => void }) {
  const t = useT();
  if (!chips.length) return null;
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {chips.map(({ key, label, value }) => (
        <button key={key} type="button" onClick={() => onRemove(key)} aria-label={t.filter.remove(label, value)} className="inline-flex h-6 max-w-64 items-center gap-1 rounded-full bg-accent-soft px-2.5 text-xs text-accent-text hover:opacity-80">
          <span className="truncate">
            {label}: {value}
          </span>
          <X size={12} aria-hidden className="shrink-0" />
        </button>
      ))}
      <button type="button" onClick={onClear} className="h-6 rounded px-1.5 text-xs text-fg-2 underline hover:text-fg">
        {t.states.clearFilter}
      </button>
    </div>
  );
}
