import { get, put } from './http';

const root = 'v3/console/ext/namespace';

export const colors = ['red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'gray'] as const;

export type Color = (typeof colors)[number];

/** What the console asks for before it writes to a namespace, and how it marks it. */
export interface Policy {
  namespaceId: string;
  protected: boolean;
  noteRequired: boolean;
  color: Color | '';
  label: string;
}

/** What somebody says before a write: the id of a protected namespace, and what the change is for. */
export interface Said {
  confirm?: string | undefined;
  note?: string | undefined;
}

export const policiesKey = ['namespaces', 'policies'] as const;

export const listPolicies = () => get<Policy[]>(`${root}/policies`);

export const setPolicy = (policy: Policy) => put<boolean>(`${root}/policy`, { ...policy });
