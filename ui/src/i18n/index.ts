import { settings, type Language } from '../lib/settings';
import { createStore, useStore } from '../lib/store';
import type { en } from './en';
import { fetchTexts } from './fetch';

type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : T extends readonly (infer E)[]
      ? readonly Widen<E>[]
      : { [K in keyof T]: Widen<T[K]> };

/** Every text of the console. English is the measure: a translation with a text missing does not compile. */
export type Dictionary = Widen<typeof en>;

/** What the check of a text can find. */
export type LintCode = keyof Dictionary['lint'];

const current = createStore<Dictionary | undefined>(undefined);

/** Loads the chosen language, and again whenever another one is chosen. */
export async function startLanguage(): Promise<void> {
  let shown: Language | undefined;
  const follow = async () => {
    const { language } = settings.get();
    if (language === shown) return;
    const dictionary: Dictionary = await fetchTexts(language);
    shown = language;
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    current.set(dictionary);
  };
  await follow();
  settings.subscribe(() => void follow());
}

/** The texts, outside of components. */
export function texts(): Dictionary {
  return current.get()!;
}

export function useT(): Dictionary {
  return useStore(current)!;
}
