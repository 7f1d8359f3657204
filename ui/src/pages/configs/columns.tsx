import { Ellipsis } from 'lucide-react';
import type { ConfigRow } from '../../api/extconfig';
import type { Dictionary } from '../../i18n';
import { router } from '../../app/router';
import { bytes, number } from '../../lib/time';
import { IconButton } from '../../ui/button';
import { ConfigLink } from '../../ui/link';
import { Menu, MenuItem, MenuLine } from '../../ui/menu';
import { Badge, Share } from '../../ui/status';
import type { Column } from '../../ui/table';
import { Time } from '../../ui/time';

interface Acts {
  onClone: (rows: ConfigRow[]) => void;
  onDelete: (rows: ConfigRow[]) => void;
}

function RowMenu({ row, t, onClone, onDelete }: { row: ConfigRow; t: Dictionary } & Acts) {
  const params = { ns: row.namespaceId || 'public', group: row.groupName, name: row.dataId };
  const why = !row.may.includes('w') && t.configs.needs(`${params.ns}:${row.groupName}:config/${row.dataId}`);
  const open = (tab: string) => void router.navigate({ to: '/ns/$ns/configs/$group/$name', params, search: { tab } });
  return (
    <Menu trigger={<IconButton label={t.configs.actionsOf(row.dataId)} icon={Ellipsis} />}>
      <MenuItem why={why} onSelect={() => void router.navigate({ to: '/ns/$ns/configs/$group/$name/edit', params })}>
        {t.common.edit}
      </MenuItem>
      <MenuItem onSelect={() => open('history')}>{t.config.history}</MenuItem>
      <MenuItem onSelect={() => open('listeners')}>{t.config.listeners}</MenuItem>
      <MenuItem onSelect={() => open('code')}>{t.config.code}</MenuItem>
      <MenuItem onSelect={() => onClone([row])}>{t.configs.clone}</MenuItem>
      <MenuLine />
      <MenuItem danger why={why} onSelect={() => onDelete([row])}>
        {t.common.delete}
      </MenuItem>
    </Menu>
  );
}

export function configColumns(t: Dictionary, ns: string, acts: Acts): Column<ConfigRow>[] {
  return [
    {
      key: 'dataId',
      title: t.configs.dataId,
      sortable: true,
      cell: (row) => (
        <div className="min-w-40 py-0.5">
          <ConfigLink ns={ns} group={row.groupName} dataId={row.dataId} className="font-medium" />
          <div className="text-xs wrap-anywhere text-fg-3 md:hidden">{row.groupName}</div>
          {row.desc && <div className="line-clamp-1 text-xs text-fg-3">{row.desc}</div>}
        </div>
      ),
    },
    { key: 'groupName', title: t.common.group, sortable: true, wide: true, width: '17%', cell: (row) => <span className="wrap-anywhere">{row.groupName}</span> },
    {
      key: 'type',
      title: t.configs.type,
      sortable: true,
      wide: true,
      width: '7rem',
      cell: (row) => (
        <span className="flex flex-wrap gap-1">
          <Badge>{row.type || 'text'}</Badge>
          {row.gray?.map((name) => (
            <Badge key={name} level="gray" title={name}>
              {t.configs.states.gray}
            </Badge>
          ))}
          {row.encrypted && <Badge level="info">{t.configs.encrypted}</Badge>}
        </span>
      ),
    },
    {
      key: 'appName',
      title: t.configs.appAndTags,
      sortable: true,
      wide: true,
      wider: true,
      width: '14%',
      cell: (row) => (
        <span className="flex flex-wrap items-center gap-1">
          {row.appName && <span className="wrap-anywhere">{row.appName}</span>}
          {row.tags?.map((tag) => (
            <Badge key={tag}>{tag}</Badge>
          ))}
        </span>
      ),
    },
    { key: 'listeners', title: t.configs.convergence, sortable: true, wide: true, width: '8rem', cell: (row) => (row.listeners ? <Share part={row.listeners - row.behind} whole={row.listeners} /> : <span className="text-fg-3">–</span>) },
    { key: 'size', title: t.configs.size, sortable: true, wide: true, wider: true, width: '5rem', align: 'end', cell: (row) => <span title={`${number(row.size)} B`}>{bytes(row.size)}</span> },
    {
      key: 'modified',
      title: t.configs.changed,
      sortable: true,
      wide: true,
      width: '8rem',
      cell: (row) => (
        <div className="leading-tight">
          <Time at={row.modified} />
          {row.user && <div className="truncate text-xs text-fg-3">{row.user}</div>}
        </div>
      ),
    },
    { key: 'acts', title: t.common.actions, quiet: true, width: '3.5rem', align: 'end', cell: (row) => <RowMenu row={row} t={t} {...acts} /> },
  ];
}
