{
  "variables": { "sanitize%": "" },
  "targets": [
    {
      "target_name": "kingbase",
      "sources": [
        "native/addon.cc",
        "native/client_library.cc",
        "native/command.cc",
        "native/connection.cc",
        "native/connection_copy.cc",
        "native/decoder.cc",
        "native/delivery.cc",
        "native/dynamic_library_posix.cc",
        "native/environment.cc",
        "native/io_thread.cc",
        "native/result_shape.cc",
        "native/row_builder.cc",
        "native/row_chunk.cc",
        "native/utf8.cc",
        "native/wait_set_epoll.cc",
        "native/wait_set_poll.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS"],
      "cflags_cc": [
        "-std=c++17",
        "-fvisibility=hidden",
        "-fvisibility-inlines-hidden",
        "-Wall",
        "-Wextra",
        "-Wshadow",
        "-Wconversion",
        "-Wno-sign-conversion"
      ],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions"],
      "ldflags": ["-Wl,-z,nodelete", "-Wl,-Bsymbolic", "-Wl,--exclude-libs,ALL"],
      "conditions": [
        [
          "sanitize=='address'",
          {
            "cflags_cc": ["-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-O1", "-g"],
            "ldflags": ["-fsanitize=address,undefined"]
          }
        ],
        [
          "sanitize=='thread'",
          {
            "cflags_cc": ["-fsanitize=thread", "-fno-omit-frame-pointer", "-O1", "-g"],
            "ldflags": ["-fsanitize=thread"]
          }
        ]
      ]
    }
  ]
}
