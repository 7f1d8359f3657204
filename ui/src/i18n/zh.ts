import type { Dictionary } from './index';
import { admin } from './zh/admin';
import { common } from './zh/common';
import { configs } from './zh/configs';
import { flow } from './zh/flow';
import { lint } from './zh/lint';
import { naming } from './zh/naming';
import { shell } from './zh/shell';

export const zh: Dictionary = { ...common, ...shell, ...configs, ...naming, ...flow, ...lint, ...admin };
