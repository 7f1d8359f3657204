import { FileClock } from 'lucide-react';
import { useT } from '../../i18n';
import { relative } from '../../lib/time';
import { Button } from '../../ui/button';
import { Strip } from '../../ui/states';
import type { Draft } from './draft';
import type { Base, Written } from './form';

/** Offers the text that was being written when the page went away. */
export function ResumeStrip({ draft, base, onTake, onDrop }: { draft: Draft; base: Base; onTake: (written: Written) => void; onDrop: () => void }) {
  const t = useT();
  const { content, type, desc, app, tags } = draft;
  return (
    <Strip
      tone="info"
      icon={FileClock}
      action={
        <span className="flex gap-2">
          <Button onClick={onDrop}>{t.edit.dropDraft}</Button>
          <Button look="primary" onClick={() => onTake({ content, type, desc, app, tags })}>
            {t.edit.takeDraft}
          </Button>
        </span>
      }
    >
      {t.edit.draftFrom(relative(draft.at))} {draft.base !== base.md5 && t.edit.draftOld}
    </Strip>
  );
}
