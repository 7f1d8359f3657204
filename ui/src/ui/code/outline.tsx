import { memo, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useT } from '../../i18n';
import { outline, outlineLimit, outlineMost, type Mark } from '../../lib/outline';
import { recall, remember } from '../../lib/persist';
import { cx } from '../cx';

const wait = 300; // milliseconds without a change before the outline is made anew

interface Props {
  type: string;
  text: string;
  /** The line of the cursor. */
  line?: number;
  onGo: (line: number) => void;
  className?: string;
}

// Arrow keys walk through the keys; one of them is reached by Tab.
function walk(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const ends = { Home: 0, End: -1 }[event.key];
  if (step === undefined && ends === undefined) return;
  const stops = [...event.currentTarget.querySelectorAll('button')];
  const here = stops.indexOf(document.activeElement as HTMLButtonElement);
  stops.at(step === undefined ? ends! : Math.min(stops.length - 1, Math.max(0, here + step)))?.focus();
  event.preventDefault();
}

const Keys = memo(function Keys({ marks, current, go }: { marks: Mark[]; current: number; go: { current: (line: number) => void } }) {
  return (
    <ul>
      {marks.slice(0, outlineMost).map((mark, i) => (
        <li key={i}>
          <button
            type="button"
            title={mark.path}
            tabIndex={i === Math.max(0, current) ? 0 : -1}
            aria-current={i === current || undefined}
            onClick={() => go.current(mark.line)}
            style={{ paddingLeft: `${8 + Math.min(mark.depth, 8) * 12}px` }}
            className={cx('block w-full truncate rounded py-0.5 pr-2 text-left font-mono text-xs -outline-offset-2 hover:bg-hover', i === current ? 'bg-selected text-fg' : 'text-fg-2')}
          >
            {mark.key}
          </button>
        </li>
      ))}
    </ul>
  );
});

/** Whether outlines are shown, as this browser remembers it, and how to change that. */
export function useOutlined(): [boolean, () => void] {
  const [on, setOn] = useState(() => recall('outline', true));
  const toggle = () => {
    remember('outline', !on);
    setOn(!on);
  };
  return [on, toggle];
}

/** The keys of a text; a press leads to the line. */
export function Outline({ type, text, line, onGo, className }: Props) {
  const t = useT();
  const [marks, setMarks] = useState<Mark[]>(() => outline(type, text));
  const made = useRef({ type, text });
  const go = useRef(onGo);
  go.current = onGo;
  useEffect(() => {
    if (made.current.type === type && made.current.text === text) return undefined;
    const timer = setTimeout(() => {
      made.current = { type, text };
      setMarks(outline(type, text));
    }, wait);
    return () => clearTimeout(timer);
  }, [type, text]);
  const current = line === undefined ? -1 : marks.findLastIndex((mark) => mark.line <= line);
  const note = text.length > outlineLimit ? t.outline.tooLarge : !marks.length ? t.outline.none : marks.length > outlineMost ? t.outline.more(outlineMost) : '';
  return (
    <nav aria-label={t.outline.title} onKeyDown={walk} className={cx('overflow-y-auto border-line bg-sunken p-1.5', className)}>
      <Keys marks={marks} current={current} go={go} />
      {note && <p className="px-2 py-1 text-xs text-fg-2">{note}</p>}
    </nav>
  );
}
