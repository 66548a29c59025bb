import { existsSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vitepress';
import { pages, sidebarOf, slugOf } from '../pages.mjs';

/**
 * Words for the search: as they stand, and of Chinese, which has no spaces, each pair of characters. It runs in the browser,
 * as text, so it uses nothing from outside of itself.
 */
function tokenize(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}_]+/u)
    .flatMap((word) => word.split(/(\p{Script=Han}+)/u))
    .flatMap((run) =>
      /^\p{Script=Han}{2}/u.test(run)
        ? Array.from({ length: run.length - 1 }, (_, at) => run.slice(at, at + 2))
        : [run],
    )
    .filter((word) => word !== '');
}

const CHINESE_SEARCH = {
  button: { buttonText: '搜索', buttonAriaLabel: '搜索文档' },
  modal: {
    displayDetails: '显示详细列表',
    resetButtonTitle: '清除查询条件',
    backButtonTitle: '关闭搜索',
    noResultsText: '没有找到相关结果',
    footer: { selectText: '选择', navigateText: '切换', closeText: '关闭' },
  },
};

export default defineConfig({
  srcDir: '.pages',
  outDir: 'dist',
  cacheDir: '.vitepress/cache',
  title: 'kingbase-native',
  cleanUrls: false,
  lastUpdated: false,
  // A page of documents leads to all others: a reader needs few of them.
  router: { prefetchLinks: false },
  // The test looks at links and anchors in what was built; what leads nowhere is an error there.
  ignoreDeadLinks: true,
  // A page that is in English only leads to the other language's first page, and not to one that is not there.
  transformPageData({ relativePath }) {
    if (relativePath.startsWith('zh/') || existsSync(path.join(pages, 'zh', relativePath))) return undefined;
    return { relativePath: 'index.md', frontmatter: { prev: false, next: false } };
  },
  markdown: { anchor: { slugify: slugOf }, toc: { slugify: slugOf } },
  locales: {
    root: {
      label: 'English',
      lang: 'en',
      description: 'KingbaseES client for Node.js',
      themeConfig: {
        nav: [
          { text: 'Documents', link: '/' },
          { text: 'API', link: '/api/' },
          { text: 'Examples', link: '/examples/README' },
        ],
        sidebar: {
          '/': sidebarOf('docs/index.md'),
          '/api/': [{ text: 'API', items: [{ text: 'All names', link: '/api/' }] }],
        },
      },
    },
    zh: {
      label: '简体中文',
      lang: 'zh-CN',
      link: '/zh/',
      description: 'KingbaseES（人大金仓）的 Node.js 驱动',
      themeConfig: {
        nav: [
          { text: '文档', link: '/zh/' },
          { text: 'API（英文）', link: '/api/' },
          { text: '示例', link: '/zh/examples/README' },
        ],
        sidebar: { '/zh/': sidebarOf('docs/index.zh-CN.md') },
        outline: { label: '本页目录' },
        docFooter: { prev: '上一页', next: '下一页' },
        darkModeSwitchLabel: '外观',
        lightModeSwitchTitle: '切换到浅色模式',
        darkModeSwitchTitle: '切换到深色模式',
        sidebarMenuLabel: '菜单',
        returnToTopLabel: '返回顶部',
        langMenuLabel: '切换语言',
        skipToContentLabel: '跳到正文',
        notFound: { title: '没有这个页面', quote: '', linkLabel: '回到首页', linkText: '回到首页' },
      },
    },
  },
  themeConfig: {
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        locales: { zh: { translations: CHINESE_SEARCH } },
        miniSearch: { options: { tokenize }, searchOptions: { combineWith: 'AND' } },
      },
    },
  },
});
