import { del, get, post, put } from './http';
import type { Page, PermissionRow, RoleRow, UserRow } from './types';

export const accessKeys = {
  all: ['access'] as const,
  users: (name: string, page: number, size: number) => ['access', 'users', name, page, size] as const,
  roles: (user: string, role: string, page: number, size: number) => ['access', 'roles', user, role, page, size] as const,
  permissions: (role: string, page: number, size: number) => ['access', 'permissions', role, page, size] as const,
};

const fuzzy = (text: string) => (text ? `*${text}*` : '');

export const listUsers = (name: string, page: number, size: number) =>
  get<Page<UserRow>>('v3/auth/user/list', { username: fuzzy(name), search: 'blur', pageNo: page, pageSize: size });

export const createUser = (username: string, password: string) => post<string>('v3/auth/user', { username, password });

export const resetPassword = (username: string, newPassword: string) => put<string>('v3/auth/user', { username, newPassword });

export const deleteUser = (username: string) => del<string>('v3/auth/user', { username });

export const listRoles = (username: string, role: string, page: number, size: number) =>
  get<Page<RoleRow>>('v3/auth/role/list', { username: fuzzy(username), role: fuzzy(role), search: 'blur', pageNo: page, pageSize: size });

export const bindRole = (role: string, username: string) => post<string>('v3/auth/role', { role, username });

export const unbindRole = (role: string, username: string) => del<string>('v3/auth/role', { role, username });

export const listPermissions = (role: string, page: number, size: number) =>
  get<Page<PermissionRow>>('v3/auth/permission/list', { role: fuzzy(role), search: 'blur', pageNo: page, pageSize: size });

export const grant = (p: PermissionRow) => post<string>('v3/auth/permission', { ...p });

export const revoke = (p: PermissionRow) => del<string>('v3/auth/permission', { ...p });
