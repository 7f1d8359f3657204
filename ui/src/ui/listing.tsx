import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Page } from '../api/types';
import { usePaging, usePath } from '../app/query';
import { may, useMe, type Kind } from '../app/server';
import { Pager } from './pager';
import { Denied, Loaded, NoMatch, RowSkeleton } from './states';
import { Table, type Column, type Sort } from './table';

interface Props<T> {
  label: string;
  query: UseQueryResult<Page<T>, unknown>;
  columns: Column<T>[];
  rowKey: (row: T) => string;
  /** A filter is set: then "nothing" means that nothing matches. */
  filtered?: boolean;
  onClear?: () => void;
  empty: ReactNode;
  /** The right without which nothing of the namespace is listed. */
  needs?: Kind;
  size?: number;
  sort?: Sort | undefined;
  onSort?: (sort: Sort) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (keys: Set<string>) => void;
  onOpen?: (row: T) => void;
  nameOf?: (row: T) => string;
  detail?: (row: T) => ReactNode;
}

/** A page of rows with all that can happen to it: loading, failed, empty, nothing matching. */
export function Listing<T>({ query, filtered, onClear, empty, needs, size = 50, ...table }: Props<T>) {
  const paging = usePaging(size);
  const me = useMe();
  const { ns } = usePath();
  return (
    <Loaded query={query} shape={<RowSkeleton />}>
      {(data) => {
        if (!data.totalCount && !data.pageItems.length && needs && !may(me, ns, needs, 'r')) return <Denied />;
        if (!data.totalCount && !data.pageItems.length) return filtered && onClear ? <NoMatch onClear={onClear} /> : empty;
        return (
          <>
            <Table {...table} rows={data.pageItems} stale={query.isPlaceholderData} />
            <Pager page={paging.page} size={paging.size} total={data.totalCount} onChange={paging.go} />
          </>
        );
      }}
    </Loaded>
  );
}
