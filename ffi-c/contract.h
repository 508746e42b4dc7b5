/* Pancar: a Socket.IO server for C and C++. Version @VERSION@.
 *
 * Generated from ffi-c; see ffi-c/README.md. The documentation of each function is above it.
 *
 * THE CONTRACT
 *
 * Handles. Servers, namespaces, sockets and tokens are 64-bit numbers, 0 is none. They may be copied, kept, compared and used
 * on any thread. None is ever used twice, so a handle whose object is gone is refused (PANCAR_DISCONNECTED for a socket,
 * PANCAR_INVALID_HANDLE otherwise) and never means another object. Only servers are freed. Where a namespace is wanted, a
 * server stands for its namespace "/".
 *
 * Owned objects. Configs, args, targets, texts and lists are pointers. Who gets one by a pointer to a pointer, or from a
 * function that ends in _new, calls its _free once; NULL is fine there. Those that a callback is given, and those behind a
 * pointer to const that a function returns, are borrowed: they live as long as the documentation of the function says.
 *
 * Text and bytes. pancar_str and pancar_bytes are pointer and length. Text is UTF-8 without a NUL at its end; PANCAR_STR("text")
 * and pancar_cstr(text) make one from what C has. What a program gives is read during the call only. What the library gives
 * belongs to it.
 *
 * Parameters come in this order: the object, inputs, outputs, callback, user data, destroy. An output is written only when the
 * call succeeds. Structs that grow begin with their size: begin with their _INIT macro.
 *
 * Statuses. Every function that can fail returns a pancar_status: PANCAR_OK (0), or a number of the list below, to which only ever
 * new ones are added. pancar_last_error() says more, for each thread by itself. NULL, a text that is no UTF-8 and broken JSON
 * are statuses, too. A fault of this library is contained and becomes PANCAR_PANIC.
 *
 * Threads. All functions may be called on any thread, and inside of callbacks. Freeing an owned object, and writing to args or
 * a target, is not to be done while another thread uses it. Callbacks are called inside of dispatch only, on the thread that
 * calls it: pancar_server_run, pancar_dispatch, pancar_dispatch_lane. (The exceptions are the logger, and destroy functions, which
 * may be called on any thread.) All callbacks of one client come one at a time and in order. Nothing waits for the network.
 * Threads of the library receive no signals.
 *
 * Callbacks. They must not throw, longjmp or exit the thread. Any status but PANCAR_OK that a callback of an event or of a connection
 * returns is logged; the server, the socket and all others go on. A callback may do everything: set and take off callbacks,
 * itself among them, disconnect its socket, close or free its server. Dispatching inside of dispatch is refused (PANCAR_BUSY).
 *
 * User data. Where a callback is set, destroy (or NULL) gets the user data once when the callback can no longer be called, also
 * when setting it failed.
 *
 * Versions. PANCAR_ABI_VERSION changes when a function, a number or a struct changes its meaning or goes; new ones come
 * without. pancar_abi_version() is that of the library at hand.
 */
