import { lazy, Suspense, type ComponentProps } from 'react';
import { Skeleton } from '../states';

// The code editor is half of the console's weight: pages without code do without.
const LazyEditor = lazy(() => import('./editor'));
const LazyDiff = lazy(() => import('./diff'));

export const CodeEditor = (props: ComponentProps<typeof LazyEditor>) => (
  <Suspense fallback={<Skeleton rows={8} />}>
    <LazyEditor {...props} />
  </Suspense>
);

export const CodeDiff = (props: ComponentProps<typeof LazyDiff>) => (
  <Suspense fallback={<Skeleton rows={8} />}>
    <LazyDiff {...props} />
  </Suspense>
);

export function CodeView({ text, type, label, hidden, className }: { text: string; type: string; label: string; hidden?: string | undefined; className?: string }) {
  return (
    <div className={className ?? 'h-96'}>
      <CodeEditor value={text} type={type} label={label} hidden={hidden} readOnly />
    </div>
  );
}
