/**
 * The broker's settings, loopback and STOMP only.
 *
 * - Unreadable messages go to `DLQ.<queue>`; bells that expired unheard go nowhere, since the database rings again.
 * - `hbGracePeriodMultiplier`: clients beat exactly at the interval, and the broker would otherwise drop one that is
 *   late by a hair.
 * - `tcpNoDelay`: without it the second of two messages in a row waits 40 ms for the client's delayed TCP acknowledgement.
 * - The statistics plugin tells a queue's size without JMX.
 */
export function brokerConfiguration({
  port,
  password,
  address = '127.0.0.1',
}: {
  port: number
  password: string
  /** Another only inside a container, which is reached through loopback all the same. */
  address?: string
}): string {
  return `<beans xmlns="http://www.springframework.org/schema/beans"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://www.springframework.org/schema/beans
      http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
      http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="autoreduction" useJmx="false"
      schedulerSupport="true" dataDirectory="data" schedulePeriodForDestinationPurge="60000">
    <destinationPolicy><policyMap><policyEntries>
      <policyEntry queue=">" prioritizedMessages="true" expireMessagesPeriod="5000"
          gcInactiveDestinations="true" inactiveTimeoutBeforeGC="600000">
        <deadLetterStrategy>
          <individualDeadLetterStrategy queuePrefix="DLQ." processNonPersistent="true" useQueueForQueueMessages="true" processExpired="false"/>
        </deadLetterStrategy>
      </policyEntry>
    </policyEntries></policyMap></destinationPolicy>
    <persistenceAdapter><kahaDB directory="data/kahadb" journalMaxFileLength="8mb"/></persistenceAdapter>
    <plugins>
      <simpleAuthenticationPlugin anonymousAccessAllowed="false"><users>
        <authenticationUser username="autoreduction" password="${password}" groups="users"/>
      </users></simpleAuthenticationPlugin>
      <statisticsBrokerPlugin/>
    </plugins>
    <systemUsage><systemUsage>
      <memoryUsage><memoryUsage limit="64 mb"/></memoryUsage>
      <storeUsage><storeUsage limit="1 gb"/></storeUsage>
      <tempUsage><tempUsage limit="100 mb"/></tempUsage>
    </systemUsage></systemUsage>
    <transportConnectors>
      <transportConnector name="stomp"
          uri="stomp://${address}:${port}?transport.hbGracePeriodMultiplier=2.5&amp;transport.tcpNoDelay=true&amp;maximumConnections=500"/>
    </transportConnectors>
  </broker>
</beans>
`
}

export const loggingConfiguration = `log4j.rootLogger=INFO, file
log4j.logger.org.springframework=WARN
log4j.logger.org.apache.activemq.xbean=WARN
log4j.appender.file=org.apache.log4j.RollingFileAppender
log4j.appender.file.file=broker.log
log4j.appender.file.maxFileSize=5MB
log4j.appender.file.maxBackupIndex=2
log4j.appender.file.layout=org.apache.log4j.PatternLayout
log4j.appender.file.layout.ConversionPattern=%d{ISO8601} %-5p %m (%c)%n
`
