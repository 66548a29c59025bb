'use strict';
const { contextBridge, ipcRenderer } = require('electron');

contextBridge.exposeInMainWorld('database', {
  findCity: (name) => ipcRenderer.invoke('city:find', name),
  serverInfo: () => ipcRenderer.invoke('server:info'),
});
