{
  "variables": {
    "common_sources": [
      "native/addon.cc",
      "native/binary_value.cc",
      "native/client_library.cc",
      "native/command.cc",
      "native/connection.cc",
      "native/connection_copy.cc",
      "native/decoder.cc",
      "native/delivery.cc",
      "native/environment.cc",
      "native/io_thread.cc",
      "native/result_shape.cc",
      "native/row_builder.cc",
      "native/row_chunk.cc",
      "native/utf8.cc"
    ],
    "posix_sources": [
      "native/dynamic_library_posix.cc",
      "native/wait_set_epoll.cc",
      "native/wait_set_poll.cc"
    ],
    "glibc_sources": ["native/glibc_compat.cc"],
    "windows_sources": ["native/dynamic_library_win.cc", "native/wait_set_win.cc"]
  }
}
