import { admin } from './en/admin';
import { common } from './en/common';
import { configs } from './en/configs';
import { flow } from './en/flow';
import { lint } from './en/lint';
import { naming } from './en/naming';
import { shell } from './en/shell';

export const en = { ...common, ...shell, ...configs, ...naming, ...flow, ...lint, ...admin };
