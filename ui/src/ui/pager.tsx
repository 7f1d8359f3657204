import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useT } from '../i18n';
import { IconButton } from './button';
import { Select } from './field';

interface Props {
  page: number;
  size: number;
  total: number;
  sizes?: number[];
  onChange: (page: number, size: number) => void;
}

/** Which part of a long list is shown. */
export function Pager({ page, size, total, sizes = [20, 50, 100, 500], onChange }: Props) {
  const t = useT();
  const pages = Math.max(1, Math.ceil(total / size));
  const from = total ? (page - 1) * size + 1 : 0;
  return (
    <div className="flex flex-wrap items-center justify-end gap-x-4 gap-y-1 gutter border-t border-line py-1.5 text-xs text-fg-2">
      <span className="mr-auto tabular-nums">{t.table.range(from, Math.min(page * size, total), total)}</span>
      <label className="flex items-center gap-2">
        <span className="max-sm:sr-only">{t.table.perPage}</span>
        <Select value={size} onChange={(event) => onChange(1, Number(event.target.value))} className="h-7 w-auto text-xs">
          {sizes.map((n) => (
            <option key={n} value={n}>
              {n}
            </option>
          ))}
        </Select>
      </label>
      <div className="flex items-center">
        <IconButton label={t.table.previous} icon={ChevronLeft} disabled={page <= 1} onClick={() => onChange(page - 1, size)} />
        <span className="px-1 tabular-nums">{t.table.page(page, pages)}</span>
        <IconButton label={t.table.next} icon={ChevronRight} disabled={page >= pages} onClick={() => onChange(page + 1, size)} />
      </div>
    </div>
  );
}
