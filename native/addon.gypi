{
  "includes": ["sources.gypi"],
  "variables": { "sanitize%": "", "check_ownership%": 0 },
  "targets": [
    {
      "target_name": "kingbase",
      "sources": ["<@(common_sources)"],
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
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions", "-fno-rtti"],
      "ldflags": ["-Wl,-z,nodelete", "-Wl,-Bsymbolic", "-Wl,--exclude-libs,ALL"],
      "conditions": [
        [
          "OS=='win'",
          {
            "sources": ["<@(windows_sources)"],
            "defines": ["NOMINMAX", "WIN32_LEAN_AND_MEAN"],
            "libraries": ["-lws2_32.lib"],
            "msvs_settings": {
              "VCCLCompilerTool": { "ExceptionHandling": 1, "AdditionalOptions": ["/std:c++17", "/utf-8"] }
            }
          },
          { "sources": ["<@(posix_sources)"] }
        ],
        [
          "OS=='linux'",
          { "ldflags": ["-Wl,--version-script=<(module_root_dir)/native/exports.map"] }
        ],
        [
          "OS=='linux' and sanitize==''",
          {
            "sources": ["<@(glibc_sources)"],
            "cflags_cc": [
              "-include <(module_root_dir)/native/glibc_compat.h",
              "-fstack-protector-strong",
              "-U_FORTIFY_SOURCE",
              "-D_FORTIFY_SOURCE=2"
            ],
            "ldflags": ["-Wl,-z,relro,-z,now", "-Wl,--push-state,--no-as-needed", "-l:libpthread.so.0", "-l:libdl.so.2", "-Wl,--pop-state"]
          }
        ],
        [
          "sanitize!='' or check_ownership==1",
          { "defines": ["KINGBASE_CHECK_OWNERSHIP"] }
        ],
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
