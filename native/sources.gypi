{
  "variables": {
    "common_sources": [
      "native/addon.cc",
      "native/binary_value.cc",
      "native/client_library.cc",
      "native/command.cc",
      "native/connection.cc",
      "native/connection_connecting.cc",
      "native/connection_copying.cc",
      "native/connection_ending.cc",
      "native/connection_flow.cc",
      "native/connection_group.cc",
      "native/connection_object.cc",
      "native/connection_reading.cc",
      "native/connection_sending.cc",
      "native/connectors.cc",
      "native/core_object.cc",
      "native/decoder.cc",
      "native/deliverer.cc",
      "native/environment.cc",
      "native/failure.cc",
      "native/io_thread.cc",
      "native/library_object.cc",
      "native/loop_owner.cc",
      "native/loop_watch.cc",
      "native/mailbox.cc",
      "native/result_reader.cc",
      "native/result_shape.cc",
      "native/row_builder.cc",
      "native/row_chunk.cc",
      "native/socket_input.cc",
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
