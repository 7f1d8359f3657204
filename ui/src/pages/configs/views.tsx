import { Bookmark, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useAct } from '../../app/mutate';
import { keep, usePref } from '../../app/prefs';
import { useAddress, type Search } from '../../app/query';
import { useMe } from '../../app/server';
import { useT } from '../../i18n';
import { isView, maxViewName, maxViews, viewsOf, withView, type View } from '../../lib/views';
import { Button, IconButton } from '../../ui/button';
import { Dialog, FormDialog } from '../../ui/dialog';
import { Field, Input } from '../../ui/field';
import { Menu, MenuItem, MenuLabel, MenuLine } from '../../ui/menu';

const key = 'views.configs';

interface Props {
  /** The names of what a view keeps. */
  names: readonly string[];
  filtered: boolean;
}

function SaveDialog({ views, search, onClose }: { views: View[]; search: Search; onClose: () => void }) {
  const t = useT();
  const me = useMe();
  const [name, setName] = useState('');
  const wanted = name.trim();
  const there = views.some((one) => one.name === wanted);
  const act = useAct({ run: () => keep(key, (now) => withView(viewsOf(now), { name: wanted, search: search as Record<string, string> })), done: t.views.saved(wanted), then: onClose });
  const why = !wanted ? t.views.nameMissing : !there && views.length >= maxViews && t.views.full(maxViews);
  return (
    <FormDialog local={!me.username} open onClose={onClose} title={t.views.save} description={me.username ? t.views.follows(me.username) : t.views.stays} submit={t.common.save} why={why} busy={act.isPending} onSubmit={() => act.mutate()}>
      <Field label={t.views.name} hint={there ? t.views.replaces(wanted) : undefined}>
        {(props) => <Input {...props} autoFocus maxLength={maxViewName} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
    </FormDialog>
  );
}

function ManageDialog({ views, onClose }: { views: View[]; onClose: () => void }) {
  const t = useT();
  const act = useAct({ run: (name: string) => keep(key, (now) => viewsOf(now).filter((one) => one.name !== name)), done: (_, name) => t.views.removed(name) });
  return (
    <Dialog open onClose={onClose} title={t.views.manage} footer={<Button onClick={onClose}>{t.common.close}</Button>}>
      {views.length ? (
        <ul className="flex flex-col divide-y divide-line">
          {views.map((view) => (
            <li key={view.name} className="flex items-center justify-between gap-2 py-1 text-sm">
              <span className="min-w-0 wrap-anywhere">{view.name}</span>
              <IconButton label={t.views.remove(view.name)} icon={Trash2} disabled={act.isPending} onClick={() => act.mutate(view.name)} />
            </li>
          ))}
        </ul>
      ) : (
        <p className="text-sm text-fg-2">{t.views.none}</p>
      )}
    </Dialog>
  );
}

/** Filters of the list that can be picked again, here and in other browsers. */
export function Views({ names, filtered }: Props) {
  const t = useT();
  const [search, change] = useAddress();
  const views = viewsOf(usePref(key));
  const [dialog, setDialog] = useState<'save' | 'manage'>();
  const close = () => setDialog(undefined);
  const now = views.find((view) => filtered && isView(view, search, names));
  const pick = (view: View) => change({ ...Object.fromEntries(names.map((name) => [name, view.search[name]])), page: undefined }, true);
  const chosen = Object.fromEntries(names.flatMap((name) => (search[name] ? [[name, search[name]]] : [])));
  return (
    <>
      <Menu align="start" trigger={<Button icon={Bookmark}><span className="max-w-40 truncate">{now?.name ?? t.views.title}</span></Button>}>
        {views.length ? views.map((view) => <MenuItem key={view.name} icon={Bookmark} onSelect={() => pick(view)}><span className="truncate">{view.name}</span></MenuItem>) : <MenuLabel>{t.views.none}</MenuLabel>}
        <MenuLine />
        <MenuItem icon={Plus} disabled={!filtered} onSelect={() => setDialog('save')}>{t.views.save}</MenuItem>
        {views.length > 0 && <MenuItem icon={Trash2} onSelect={() => setDialog('manage')}>{t.views.manage}</MenuItem>}
      </Menu>
      {dialog === 'save' && <SaveDialog views={views} search={chosen} onClose={close} />}
      {dialog === 'manage' && <ManageDialog views={views} onClose={close} />}
    </>
  );
}
