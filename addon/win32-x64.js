'use strict';
const { provideAddon } = require('../dist/driver/provided-addon.js');

provideAddon('win32-x64', () => require('../prebuilds/win32-x64/kingbase-native.node'));
