#include "library_object.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "out_of_memory.h"

namespace kingbase {
namespace {

constexpr napi_type_tag kLibraryTag = {0x6b696e6762617365ULL, 0x6c696272617279ULL};

using LibraryPointer = std::shared_ptr<const ClientLibrary>;

/**
 * Reads an array of strings. False in a worker thread that is being terminated: from one moment to the next
 * nothing can be read from an object, and what is not there must not be used.
 */
bool ReadTexts(const Napi::Value& array, std::vector<std::string>* texts) {
  if (!array.IsArray()) return false;
  const auto listed = array.As<Napi::Array>();
  const uint32_t length = listed.Length();
  texts->reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    Napi::Value text;
    if (!listed.Get(i).UnwrapTo(&text) || !text.IsString()) return false;
    texts->push_back(text.As<Napi::String>());
  }
  return true;
}

Napi::Value Open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string path = info[0].As<Napi::String>();
  const auto options = info[1].As<Napi::Object>();
  Napi::Value listed;
  Napi::Value isolate;
  std::vector<std::string> companions;
  if (!options.Get("companions").UnwrapTo(&listed) || !options.Get("isolate").UnwrapTo(&isolate) ||
      !ReadTexts(listed, &companions))
    return env.Undefined();
  LibraryFailure failure;
  LibraryPointer library = ClientLibrary::Open(path, companions, IsTrue(isolate), &failure);
  if (library == nullptr) {
    const Napi::Error error = Napi::Error::New(env, failure.message);
    constexpr std::array<const char*, 3> kKinds = {"open", "symbols", "v7"};
    error.Set("failure", kKinds[static_cast<size_t>(failure.kind)]);
    Napi::Array missing = Napi::Array::New(env);
    for (const std::string& name : failure.missing) missing.Set(missing.Length(), name);
    error.Set("missing", missing);
    error.ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const Capabilities& can = library->capabilities();
  Napi::Object capabilities = Napi::Object::New(env);
  capabilities.Set("singleRowMode", can.single_row_mode);
  capabilities.Set("chunkedRowsMode", can.chunked_rows_mode);
  capabilities.Set("encryptedCancel", can.encrypted_cancel);
  capabilities.Set("multiRowBind", can.multi_row_bind);
  capabilities.Set("encryptPassword", can.encrypt_password);
  capabilities.Set("tlsInformation", can.tls_information);
  capabilities.Set("largeObjects", can.large_objects);
  capabilities.Set("pipeline", can.pipeline);
  Napi::Array connection_options = Napi::Array::New(env);
  for (const LibraryOption& option : library->options()) {
    Napi::Object described = Napi::Object::New(env);
    described.Set("keyword", option.keyword);
    described.Set("variable", option.variable);
    described.Set("compiledDefault", option.compiled_default);
    connection_options.Set(connection_options.Length(), described);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("path", library->path());
  object.Set("flavour", FlavourName(library->flavour()));
  object.Set("version", library->version());
  object.Set("capabilities", capabilities);
  object.Set("connectionOptions", connection_options);
  // Not an External: Node does not free those that live to the end of their environment.
  const Napi::Object handle = Napi::Object::New(env);
  auto* held = new LibraryPointer(std::move(library));
  const napi_finalize free_held = [](napi_env, void* data, void*) {
    delete static_cast<LibraryPointer*>(data);
  };
  // Fails in a worker thread that is being terminated, and then nobody takes the pointer.
  if (napi_wrap(env, handle, held, free_held, nullptr, nullptr) != napi_ok) delete held;
  napi_type_tag_object(env, handle, &kLibraryTag);
  object.Set("handle", handle);
  return object;
}

}  // namespace

Napi::Value OpenLibrary(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Sparing(env, [&] { return Open(info); }, env.Undefined());
}

std::shared_ptr<const ClientLibrary> LibraryOf(Napi::Env env, const Napi::Value& handle) {
  bool genuine = false;
  void* library = nullptr;
  if (handle.IsObject()) napi_check_object_type_tag(env, handle, &kLibraryTag, &genuine);
  if (!genuine || napi_unwrap(env, handle, &library) != napi_ok) return nullptr;
  return *static_cast<LibraryPointer*>(library);
}

}  // namespace kingbase
