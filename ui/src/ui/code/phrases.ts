import { EditorState } from '@codemirror/state';
import { settings } from '../../lib/settings';

const chinese = {
  '$ unchanged lines': '$ 行未变化',
  Find: '查找',
  Replace: '替换',
  next: '下一个',
  previous: '上一个',
  all: '全部',
  'match case': '区分大小写',
  regexp: '正则表达式',
  'by word': '全字匹配',
  replace: '替换',
  'replace all': '全部替换',
  close: '关闭',
  'Diagnostics': '问题',
  'No diagnostics': '没有问题',
  'Fold line': '折叠',
  'Unfold line': '展开',
  'folded code': '已折叠的内容',
  unfold: '展开',
};

/** The editor's own words in the language of the console. */
export const phrases = () => (settings.get().language === 'zh' ? EditorState.phrases.of(chinese) : []);
