import { del, get, post, put } from './http';
import type { Namespace } from './types';

export const namespacesKey = ['namespaces'] as const;

const root = 'v3/console/core/namespace';

export const listNamespaces = () => get<Namespace[]>(`${root}/list`);

export const namespaceTaken = (id: string) => get<boolean>(`${root}/exist`, { customNamespaceId: id });

export const createNamespace = (id: string, name: string, desc: string) =>
  post<boolean>(root, { customNamespaceId: id, namespaceName: name, namespaceDesc: desc });

export const updateNamespace = (id: string, name: string, desc: string) => put<boolean>(root, { namespaceId: id, namespaceName: name, namespaceDesc: desc });

export const deleteNamespace = (id: string) => del<boolean>(root, { namespaceId: id });
