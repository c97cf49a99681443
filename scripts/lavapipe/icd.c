/*
 * A Vulkan driver for Chromium, which takes no software driver but its own SwiftShader: the system's, under that one's number.
 * See make.sh.
 */
#include <dlfcn.h>
#include <string.h>
#include <vulkan/vulkan.h>

static PFN_vkGetInstanceProcAddr loader;
static PFN_vkGetPhysicalDeviceProperties properties;
static PFN_vkGetPhysicalDeviceProperties2 properties2;

static void rename_device(VkPhysicalDeviceProperties *device) {
  device->vendorID = 0x1AE0;
  device->deviceID = 0xC0DE;
}

static void renamed(VkPhysicalDevice device, VkPhysicalDeviceProperties *out) {
  properties(device, out);
  rename_device(out);
}

static void renamed2(VkPhysicalDevice device, VkPhysicalDeviceProperties2 *out) {
  properties2(device, out);
  rename_device(&out->properties);
  for (VkBaseOutStructure *next = out->pNext; next; next = next->pNext)
    if (next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES)
      ((VkPhysicalDeviceDriverProperties *)next)->driverID = VK_DRIVER_ID_GOOGLE_SWIFTSHADER;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vkGetInstanceProcAddr(VkInstance instance, const char *name) {
  if (!loader) {
    void *system = dlopen(SYSTEM_LOADER, RTLD_NOW | RTLD_LOCAL);
    if (!system) return NULL;
    loader = (PFN_vkGetInstanceProcAddr)dlsym(system, "vkGetInstanceProcAddr");
  }
  PFN_vkVoidFunction found = loader(instance, name);
  if (!found) return NULL;
  if (!strcmp(name, "vkGetInstanceProcAddr")) return (PFN_vkVoidFunction)vkGetInstanceProcAddr;
  if (!strcmp(name, "vkGetPhysicalDeviceProperties")) {
    properties = (PFN_vkGetPhysicalDeviceProperties)found;
    return (PFN_vkVoidFunction)renamed;
  }
  if (!strncmp(name, "vkGetPhysicalDeviceProperties2", 30)) {
    properties2 = (PFN_vkGetPhysicalDeviceProperties2)found;
    return (PFN_vkVoidFunction)renamed2;
  }
  return found;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vk_icdGetInstanceProcAddr(VkInstance instance, const char *name) {
  return vkGetInstanceProcAddr(instance, name);
}
