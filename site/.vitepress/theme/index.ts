// Without the theme's own fonts: they have no Chinese, and the reader's system has its own.
import DefaultTheme from 'vitepress/theme-without-fonts';
import './style.css';

export default DefaultTheme;
